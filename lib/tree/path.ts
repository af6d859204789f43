/** One step from a node to its child: an index into a list or a key of an object. */
export type PathStep = number | string;

/** A path as one would write it in code: `params.Dense_0.kernel`, `[0].x`, `a['b c']`; `''` for the root. */
export function formatPath(path: readonly PathStep[], root = ''): string {
  let text = root;
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) text += text === '' ? step : `.${step}`;
    else text += `['${step.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
  }
  return text;
}
