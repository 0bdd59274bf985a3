// What the pages of the five kinds of integrations have in common.
import type { Team } from '@mattermost/types/teams';
import type { ComponentType } from 'preact';
import type { IconName } from '../ui/Icon';
import type { MenuItem } from '../ui/Menu';
import { config } from '../store/session';

export interface FormProps<T> {
  value: T;
  set: (change: Partial<T>) => void;
  team: Team;
  /** It is being made, not changed. */
  fresh: boolean;
}

export interface Kind<T> {
  id: string;
  title: string;
  /** "incoming webhook". */
  one: string;
  icon: IconName;
  /** What it is good for. */
  lead: string;
  allowed: (teamId: string) => boolean;
  list: (teamId: string, page: number, size: number) => Promise<T[]>;
  key: (value: T) => string;
  name: (value: T) => string;
  detail: (value: T) => string;
  /** It exists and does nothing. */
  off?: (value: T) => boolean;
  blank: (teamId: string) => T;
  create: (value: T) => Promise<T>;
  update: (value: T) => Promise<unknown>;
  /** Deletes it for good; absent where it is only turned off. */
  remove?: (value: T) => Promise<unknown>;
  more?: (value: T, reload: () => void) => MenuItem[];
  Form: ComponentType<FormProps<T>>;
  /** The values that the other program needs, and a command that tries them. */
  Use: ComponentType<{ value: T; team: Team }>;
}

/** Where other programs reach the site. */
export const siteUrl = () => config.value.SiteURL || location.origin;

/** Whether the site has this kind at all: `name` is a key of the client configuration. */
export const enabled = (name: string) => config.value[name] !== 'false';

/** Lines of a field, without empty ones. */
export const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
