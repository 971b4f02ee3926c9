import { usePath } from '../../app/router';
import { ServicePage } from './ServicePage';
import { ServiceTable } from './ServiceTable';

export default function Services() {
  const name = usePath().slice('/services/'.length);
  return name ? <ServicePage key={name} service={decodeURIComponent(name)} /> : <ServiceTable />;
}
