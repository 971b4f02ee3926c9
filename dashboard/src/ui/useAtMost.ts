import { useEffect, useRef, useState } from 'react';

/** The value, but a new one at most so often: for what costs much to draw and need not be of this very moment. */
export function useAtMost<T>(value: T, everyMs: number): T {
  const [shown, setShown] = useState(value);
  const newest = useRef(value);
  newest.current = value;
  useEffect(() => {
    const timer = setInterval(() => setShown(() => newest.current), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return shown;
}
