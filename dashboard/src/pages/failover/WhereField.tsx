interface Props {
  regions: string[];
  services: string[];
  region: string;
  service: string;
  onRegion: (region: string) => void;
  onService: (service: string) => void;
}

/** A region, for every service or for one. */
export function WhereField({ regions, services, region, service, onRegion, onService }: Props) {
  return (
    <>
      <label className="field">
        <span>Region</span>
        <select required value={region} onChange={(event) => onRegion(event.target.value)}>
          <option value="">choose one</option>
          {regions.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>Service</span>
        <select value={service} onChange={(event) => onService(event.target.value)}>
          <option value="">every service</option>
          {services.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}
