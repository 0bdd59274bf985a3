import { computed, signal } from '@preact/signals';
import type { Team, TeamMembership } from '@mattermost/types/teams';
import { route } from '../routing/navigate';

/** Teams the user belongs to, by name. */
export const teams = signal<Team[]>([]);
export const teamMemberships = signal<Record<string, TeamMembership>>({});

export const currentTeam = computed<Team | null>(() => {
  const here = route.value;
  const name = 'team' in here ? here.team : '';
  return teams.value.find((team) => team.name === name) ?? null;
});

export function receiveTeam(team: Team): void {
  const others = teams.value.filter((known) => known.id !== team.id);
  teams.value = [...others, { ...teams.value.find((known) => known.id === team.id), ...team }].sort((a, b) =>
    a.display_name.localeCompare(b.display_name),
  );
}

export function removeTeam(teamId: string): void {
  teams.value = teams.value.filter((team) => team.id !== teamId);
}
