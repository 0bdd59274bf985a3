import type { Team } from '@mattermost/types/teams';
import { api } from '../api/client';

/** One page of every team, archived ones too where the server gives them. */
export const listTeams = (page: number, size: number) => api.call<Team[]>(`/teams?page=${page}&per_page=${size}&include_deleted=true`, 'get');
