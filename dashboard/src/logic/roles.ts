import type { Role } from '../api/types';

const RANK: Record<Role, number> = { none: 0, viewer: 1, operator: 2, admin: 3 };

export function atLeast(role: Role | undefined, least: Role): boolean {
  return role !== undefined && RANK[role] >= RANK[least];
}
