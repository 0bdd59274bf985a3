import { displayName, users } from '../store/users';
import { isAdmin, myId } from '../store/session';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { emojiCharacter } from '../emoji/emoji';
import { makeHost, muteOther, removeOther } from './actions';
import { floating, iAmHost, myCall } from './calls';
import type { Session } from './protocol/call-state';

/** Everybody in the call, raised hands first. */
export function Participants({ large }: { large: boolean }) {
  const call = myCall.value;
  if (!call) return null;
  const order = [...call.sessions].sort((a, b) => (a.raisedHand || Infinity) - (b.raisedHand || Infinity));
  return (
    <ul class={large ? 'participants large' : 'participants'} aria-label="Participants">
      {order.map((session) => (
        <Participant key={session.sessionId} session={session} isHost={session.userId === call.hostId} large={large} />
      ))}
    </ul>
  );
}

function Participant({ session, isHost, large }: { session: Session; isHost: boolean; large: boolean }) {
  const name = displayName(users.value[session.userId]);
  const mine = session.userId === myId.value;
  const state = [isHost && 'host', session.unmuted ? (session.speaking ? 'speaking' : 'unmuted') : 'muted', session.raisedHand > 0 && 'hand raised'].filter(Boolean).join(', ');
  const controls = (iAmHost.value || isAdmin.value) && !mine;
  return (
    <li class={session.speaking && session.unmuted ? 'participant speaking' : 'participant'} aria-label={`${name}, ${state}`}>
      <span class="participant-face">
        <Avatar userId={session.userId} size={large ? 72 : 36} />
        {floating.value[session.sessionId] && <span class="floating">{floating.value[session.sessionId]}</span>}
      </span>
      <span class="participant-name">
        <span class="clip">
          {name}
          {mine && ' (you)'}
        </span>
        {isHost && <span class="tag host">Host</span>}
      </span>
      <span class="participant-state">
        {session.raisedHand > 0 && <span title="Hand raised">{emojiCharacter('hand')}</span>}
        <Icon name={session.unmuted ? 'mic' : 'micOff'} size={15} />
        {controls && (
          <Menu
            label={`Host controls for ${name}`}
            align="right"
            items={[
              session.unmuted ? { label: 'Mute participant', icon: 'micOff', run: () => void muteOther(session.sessionId) } : null,
              isHost ? null : { label: 'Make host', icon: 'crown', run: () => void makeHost(session.userId) },
              { label: 'Remove from call', icon: 'exit', danger: true, run: () => void removeOther(session.sessionId) },
            ]}
          >
            <Icon name="more" size={15} />
          </Menu>
        )}
      </span>
    </li>
  );
}
