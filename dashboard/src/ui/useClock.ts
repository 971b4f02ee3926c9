import { useEffect, useState } from 'react';
import { useAt } from '../app/moment';

/** Now, to the second; in the past the moment that is looked at. */
export function useClock(): number {
  const at = useAt();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return at ?? now;
}
