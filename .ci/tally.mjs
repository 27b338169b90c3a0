// Prints the closing line of .ci/run from vitest's JSON report and the exit codes of the checks and of the tests, and
// ends with the exit code of it all. What went wrong outside any test counts as a failure of its own: red must never
// read as "0 failed".
import { readFileSync } from "node:fs";

const [path, check, tests] = process.argv.slice(2);
let report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
try {
  report = JSON.parse(readFileSync(path, "utf8"));
} catch (error) {
  console.error(`no test report: ${error.message}`);
}
const brokenFiles = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
);
let failed = report.numFailedTests + brokenFiles.length;
if (failed === 0 && (tests !== "0" || report.numPassedTests === 0)) failed = 1;
if (check !== "0") failed += 1;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
