// What an administrator of the site does: one page with a section for each subject.
import type { ComponentType } from 'preact';
import { administrationPath } from '../routing/route';
import { route } from '../routing/navigate';
import { PageFrame, type PagePlace } from '../ui/PageFrame';
import { AdminInvitations } from './AdminInvitations';
import { AuditsSection } from './AuditsSection';
import { GroupsSection } from './GroupsSection';
import { JobsSection } from './JobsSection';
import { LogSection } from './LogSection';
import { RolesSection } from './RolesSection';
import { SettingsSection } from './SettingsSection';
import { StatisticsSection } from './StatisticsSection';
import { TeamsSection } from './TeamsSection';
import { UsersSection } from './UsersSection';

const place = (id: string, title: string, icon: PagePlace['icon'], Section: ComponentType) => ({ id, title, icon, path: administrationPath(id), Section });

const SECTIONS = [
  place('users', 'Users', 'users', UsersSection),
  place('invitations', 'Invitations', 'link', AdminInvitations),
  place('teams', 'Teams', 'hash', TeamsSection),
  place('groups', 'Groups', 'users', GroupsSection),
  place('settings', 'Site settings', 'edit', SettingsSection),
  place('permissions', 'Roles and permissions', 'crown', RolesSection),
  place('statistics', 'Statistics', 'flag', StatisticsSection),
  place('audits', 'Audit', 'lock', AuditsSection),
  place('jobs', 'Jobs and exports', 'clock', JobsSection),
  place('logs', 'Server log', 'file', LogSection),
] as const;

export default function AdministrationPage() {
  const here = route.value;
  const asked = here.kind === 'administration' ? here.section : '';
  const shown = SECTIONS.find((section) => section.id === asked) ?? SECTIONS[0];
  return (
    <PageFrame title="Administration" places={SECTIONS} here={shown} back="/">
      <shown.Section key={shown.id} />
    </PageFrame>
  );
}
