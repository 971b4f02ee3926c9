import { Link } from '../../ui/Link';

export function ServiceLink({ service, from }: { service: string; from?: string }) {
  return (
    <Link to={`/services/${service}`} {...(from ? { query: { from } } : {})}>
      {service}
    </Link>
  );
}
