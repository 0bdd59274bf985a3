// Webhooks, slash commands, bots and OAuth 2 applications of a team, for who may make them.
import type { Team } from '@mattermost/types/teams';
import { integrationsPath } from '../routing/route';
import { route } from '../routing/navigate';
import { PageFrame } from '../ui/PageFrame';
import { Empty } from '../ui/states';
import { KINDS } from './kinds';
import { KindSection } from './KindSection';

export default function IntegrationsPage({ team }: { team: Team }) {
  const here = route.value;
  const asked = here.kind === 'integrations' ? here.section : '';
  const places = KINDS.filter((kind) => kind.allowed(team.id)).map((kind) => ({ id: kind.id, title: kind.title, icon: kind.icon, path: integrationsPath(team.name, kind.id), kind }));
  const shown = places.find((place) => place.id === asked) ?? places[0];
  if (!shown) {
    return (
      <main class="full-page">
        <Empty title="Nothing to manage here">You may not make integrations in {team.display_name}. An administrator can allow it.</Empty>
        <a class="button" href={`/${team.name}`}>
          Back to messages
        </a>
      </main>
    );
  }
  return (
    <PageFrame title={`Integrations of ${team.display_name}`} places={places} here={shown} back={`/${team.name}`}>
      <KindSection key={shown.id} kind={shown.kind} team={team} />
    </PageFrame>
  );
}
