// count.mjs FOLDER [failed step | --skipped=step ...]: adds up the vitest results in FOLDER and prints the closing line. A step
// that failed outside any test counts as one failure, one that was not begun as one that was skipped.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, ...steps] = process.argv.slice(2);
const failedSteps = steps.filter((step) => !step.startsWith('--skipped='));
const skippedSteps = steps
  .filter((step) => step.startsWith('--skipped='))
  .map((step) => step.slice('--skipped='.length));
let passed = 0;
let failed = 0;
let skipped = skippedSteps.length;
const runsWithFailures = new Set();
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.json')) continue;
  const result = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  // A file that cannot be loaded has no tests to count, but it has failed.
  const brokenFiles = result.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const failures = result.numFailedTests + brokenFiles;
  passed += result.numPassedTests;
  failed += failures;
  skipped += result.numPendingTests + result.numTodoTests;
  if (failures > 0) runsWithFailures.add(file.slice(0, -'.json'.length));
  for (const suite of result.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === 'failed')
        console.log(
          `failed: ${relative('.', suite.name)}: ${test.fullName}\n  ${test.failureMessages[0]?.split('\n')[0]}`,
        );
    }
  }
  console.log(`${file}: ${result.numPassedTests} passed, ${failures} failed of ${result.numTotalTests}`);
}
for (const step of skippedSteps) console.log(`step skipped for lack of time: ${step}`);
for (const step of failedSteps) {
  console.log(`step failed: ${step}`);
  if (!runsWithFailures.has(step)) failed += 1;
}
if (passed === 0) {
  console.log('no test passed: that is a failure too');
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
