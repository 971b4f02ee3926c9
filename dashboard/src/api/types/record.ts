// What was kept: events, series, and what operators did.

export interface WeirEvent {
  unixMs: number;
  type: string;
  severity: string;
  region: string;
  agent: string;
  service: string;
  message: string;
  fromRegion: string;
}

export interface SeriesColumn {
  region: string;
  name: string;
  values: (number | 'NaN')[];
}

export interface Series {
  stepMs: number;
  startUnixMs: number;
  columns: SeriesColumn[];
}

export interface AuditEntry {
  unixMs: number;
  who: string;
  role: string;
  from: string;
  action: string;
  what: string;
  request: string;
  before: string;
  after: string;
  error: string;
}

export interface Access {
  id: string;
  name: string;
  role: string;
  createdUnixMs: number;
  expiresUnixMs: number;
}
