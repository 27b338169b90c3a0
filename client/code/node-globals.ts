/** The names that code on a worker finds everywhere: those of the language, and those of Node's modules and threads. */
export const nodeGlobals: ReadonlySet<string> = new Set([
  // The language's own, as an untouched realm has them: a test runner or a polyfill may have added to this one's.
  ..."Infinity NaN undefined globalThis eval isFinite isNaN parseFloat parseInt".split(" "),
  ..."decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape".split(" "),
  ..."Object Function Boolean Symbol Number BigInt String RegExp Date Math JSON Intl Reflect Proxy Atomics".split(" "),
  ..."Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError".split(
    " ",
  ),
  ..."Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry Promise Iterator".split(" "),
  ..."ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array".split(" "),
  ..."Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array".split(" "),
  ..."DisposableStack AsyncDisposableStack WebAssembly".split(" "),
  // Node's.
  ..."global process Buffer console performance crypto navigator fetch structuredClone queueMicrotask".split(" "),
  ..."setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate atob btoa".split(" "),
  ..."URL URLSearchParams TextEncoder TextDecoder AbortController AbortSignal Event EventTarget".split(" "),
  ..."Blob File FormData Headers Request Response WebSocket CloseEvent MessageEvent CustomEvent".split(" "),
  ..."MessageChannel MessagePort BroadcastChannel DOMException Crypto CryptoKey SubtleCrypto Navigator".split(" "),
  ..."ReadableStream WritableStream TransformStream ByteLengthQueuingStrategy CountQueuingStrategy".split(" "),
  ..."CompressionStream DecompressionStream TextEncoderStream TextDecoderStream".split(" "),
  ..."Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver".split(" "),
]);

/** What bundlers' "keep names" option puts into a function's text; the module around an inline function defines it. */
export const namingHelper = "__name";
