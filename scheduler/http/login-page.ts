/** The page that asks for the token. It works without scripts, and its addresses are relative, for proxies. */
export function loginPage(problem: string): string {
  const told = problem === "" ? "" : `<p class="problem" role="alert">${escaped(problem)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in · Muster</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="login.css">
</head>
<body>
<main>
<h1>Muster</h1>
<form method="post" action="login">
<label for="token">Token of this scheduler</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
${told}
<button>Log in</button>
</form>
<p class="hint">The scheduler keeps it in the file that its log names, unless it was given one by <code>--token-file</code> or <code>MUSTER_TOKEN</code>.</p>
</main>
</body>
</html>
`;
}

export const loginStyle = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d5dae1; --page: #f6f7f9; --card: #fff; --accent: #2a5fa5; --on-accent: #fff; --bad: #a82a2a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #39424f; --page: #14181e; --card: #1c222b; --accent: #7cadec; --on-accent: #10151c; --bad: #f08a8a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: min(26rem, calc(100vw - 2rem)); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
h1 { margin: 0 0 1.25rem; font-size: 1.25rem; font-weight: 600; }
label { display: block; margin-bottom: .4rem; font-weight: 500; }
input { width: 100%; padding: .55rem .7rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 6px; }
button { margin-top: 1rem; padding: .55rem 1.2rem; font: inherit; font-weight: 500; color: var(--on-accent); background: var(--accent); border: 0; border-radius: 6px; cursor: pointer; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.problem { margin: .75rem 0 0; color: var(--bad); }
.hint { margin: 1.25rem 0 0; color: var(--soft); font-size: .875rem; }
`;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => escapes[mark] ?? "");
