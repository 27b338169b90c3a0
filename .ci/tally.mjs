// Prints the closing line of .ci/run from vitest's JSON report, and ends with the exit code of the whole run. A run
// that broke down without a report, or outside any test, counts as one failure: red must never read as "0 failed".
import { readFileSync } from "node:fs";

const [path, status] = process.argv.slice(2);
let report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
try {
  report = JSON.parse(readFileSync(path, "utf8"));
} catch (error) {
  console.error(`no test report: ${error.message}`);
}
const brokenFiles = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
).length;
const failed = report.numFailedTests + brokenFiles;
const failures = failed === 0 && (Number(status) !== 0 || report.numPassedTests === 0) ? 1 : failed;
console.log(`${report.numPassedTests} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
