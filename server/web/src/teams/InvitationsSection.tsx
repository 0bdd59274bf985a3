import type { Team } from '@mattermost/types/teams';
import { useState } from 'preact/hooks';
import { findChannels } from '../interactive/choices';
import { ChoiceField, type Choice } from '../ui/ChoiceField';
import { CopyField } from '../ui/CopyField';
import { Field } from '../ui/Field';
import { QrPicture } from '../ui/QrPicture';
import { attempt, ErrorNote } from '../ui/states';
import { fullTime } from '../ui/time';
import { useForm } from '../ui/useForm';
import { useLoaded } from '../ui/useLoaded';
import { isOpen, usesText } from './invitation-state';
import { listInvitations, makeInvitation, revokeInvitation, type Invitation } from './invitations';

const DAY_MS = 24 * 3_600_000;

/** Links that end by themselves, for members or for guests of some channels. Nothing on servers without them. */
export function InvitationsSection({ team }: { team: Team }) {
  const { value, absent, reload } = useLoaded(() => listInvitations(team.id));
  const [guest, setGuest] = useState(false);
  const [rooms, setRooms] = useState<Choice[]>([]);
  const [note, setNote] = useState('');
  const [uses, setUses] = useState('1');
  const [days, setDays] = useState('7');
  const [made, setMade] = useState<Invitation | null>(null);
  const { busy, error, onSubmit } = useForm(async () => {
    if (guest && rooms.length === 0) throw new Error('Choose the channels that the guest may see.');
    setMade(await makeInvitation(team.id, { guest, channel_ids: rooms.map((room) => room.value), note: note.trim(), max_uses: Number(uses), expires_at: Date.now() + Number(days) * DAY_MS }));
    reload();
  });
  if (absent || !value) return null;
  const open = value.filter((one) => isOpen(one, Date.now()));
  return (
    <section class="settings-section" aria-label="Links that end">
      <h3>Links that end by themselves</h3>
      {made?.link && (
        <>
          <CopyField label="New link" value={made.link} hint="It is shown once. Whoever scans the code comes to the same page." />
          <QrPicture png={made.qr_code ?? ''} label="QR code of the link" />
        </>
      )}
      <form class="form" onSubmit={onSubmit} aria-label="New invitation">
        {error && <ErrorNote text={error} />}
        <fieldset class="choice">
          <legend>Who comes</legend>
          <label class="check">
            <input type="radio" name="who" checked={!guest} onChange={() => setGuest(false)} />
            Members of the team
          </label>
          <label class="check">
            <input type="radio" name="who" checked={guest} onChange={() => setGuest(true)} />
            Guests, who see the chosen channels only
          </label>
        </fieldset>
        <ChoiceField label={guest ? 'Channels' : 'Channels to join at once'} multiple chosen={rooms} onChange={setRooms} find={(term) => findChannels(term, team.id)} />
        <div class="row">
          <label class="field grow">
            <span>People</span>
            <select value={uses} onChange={(event) => setUses(event.currentTarget.value)}>
              <option value="1">One</option>
              <option value="10">Up to 10</option>
              <option value="0">Any number</option>
            </select>
          </label>
          <label class="field grow">
            <span>Ends after</span>
            <select value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              <option value="1">1 day</option>
              <option value="7">7 days</option>
              <option value="30">30 days</option>
            </select>
          </label>
        </div>
        <Field label="Note" maxLength={200} value={note} onValue={setNote} hint="To know it by. Optional." />
        <button type="submit" class="button primary" disabled={busy}>
          Create link and QR code
        </button>
      </form>
      {open.length > 0 && (
        <ul class="settings-list" aria-label="Open invitations">
          {open.map((one) => (
            <li key={one.id}>
              <span class="pick-text">
                <span>
                  {one.note || 'Invitation'}
                  {one.guest && <span class="tag">GUEST</span>}
                </span>
                <small>
                  {usesText(one)}, until {fullTime(one.expires_at)}
                </small>
              </span>
              <button type="button" class="button small danger" aria-label={`Revoke ${one.note || 'invitation'}`} onClick={() => void attempt(() => revokeInvitation(one.id)).then(reload)}>
                Revoke
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
