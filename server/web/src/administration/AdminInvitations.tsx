import { useState } from 'preact/hooks';
import { Invite } from '../teams/Invite';
import { Fetched } from '../ui/Fetched';
import { Empty } from '../ui/states';
import { useLoaded } from '../ui/useLoaded';
import { listTeams } from './teams';

/** Lets people in, team by team. */
export function AdminInvitations() {
  const found = useLoaded(async () => (await listTeams(0, 200)).filter((team) => !team.delete_at));
  const [chosen, setChosen] = useState('');
  return (
    <Fetched of={found} what="the list of teams" empty={<Empty title="No team yet">People are invited to a team. Make one first.</Empty>}>
      {(list) => {
        const team = list.find((known) => known.id === chosen) ?? list[0];
        return (
          <>
            <label class="field">
              <span>Team</span>
              <select value={team.id} onChange={(event) => setChosen(event.currentTarget.value)}>
                {list.map((known) => (
                  <option key={known.id} value={known.id}>
                    {known.display_name}
                  </option>
                ))}
              </select>
            </label>
            <Invite key={team.id} team={team} />
          </>
        );
      }}
    </Fetched>
  );
}
