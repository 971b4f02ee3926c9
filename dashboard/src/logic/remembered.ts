/** The same result while the arguments stay the same ones: what is derived from a large list is not derived again for each small change. */
export function remembered<A extends unknown[], R>(make: (...args: A) => R): (...args: A) => R {
  let last: { args: A; result: R } | undefined;
  return (...args) => {
    const same = last !== undefined && args.length === last.args.length && args.every((arg, index) => arg === last?.args[index]);
    if (!last || !same) last = { args, result: make(...args) };
    return last.result;
  };
}
