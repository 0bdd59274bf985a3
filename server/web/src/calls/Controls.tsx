import { useState } from 'preact/hooks';
import { emojiCharacter, QUICK } from '../emoji/emoji';
import { missing } from '../services/services';
import { isAdmin } from '../store/session';
import { confirmDialog } from '../ui/Dialog';
import { Icon, type IconName } from '../ui/Icon';
import { endForAll, leaveCall, myHandIsUp, reactInCall, startRecording, stopRecording, toggleHand, toggleMute, toggleScreen } from './actions';
import { callsConfig, captionsOn, iAmHost, myCall, mySession } from './calls';
import { isActive, isStarting } from './protocol/call-state';

interface ControlProps {
  icon: IconName;
  label: string;
  run: () => void;
  pressed?: boolean;
  disabled?: string;
  tone?: 'danger' | 'on';
  filled?: boolean;
}

function Control({ icon, label, run, pressed, disabled = '', tone, filled }: ControlProps) {
  return (
    <button type="button" class={`control${tone ? ` control-${tone}` : ''}`} aria-label={label} title={disabled || label} aria-pressed={pressed} disabled={disabled !== ''} onClick={run}>
      <Icon name={icon} size={19} filled={filled} />
    </button>
  );
}

export function Controls() {
  const session = mySession.value;
  const call = myCall.value;
  const [reacting, setReacting] = useState(false);
  if (!session) return null;
  const connecting = session.stage === 'joining' || session.stage === 'connecting' ? 'Connecting…' : '';
  const someoneElseShares = call?.screenSessionId && call.screenSessionId !== session.sessionId ? 'Somebody else is sharing.' : '';
  const handUp = myHandIsUp();
  return (
    <div class="controls" role="group" aria-label="Call controls">
      <Control icon={session.muted ? 'micOff' : 'mic'} label={session.muted ? 'Unmute' : 'Mute'} tone={session.muted ? undefined : 'on'} disabled={connecting} run={() => void toggleMute()} />
      <Control icon="hand" label={handUp ? 'Lower hand' : 'Raise hand'} tone={handUp ? 'on' : undefined} disabled={connecting} run={toggleHand} />
      {callsConfig.value.AllowScreenSharing !== false && (
        <Control
          icon="screen"
          label={session.sharing ? 'Stop sharing' : 'Share screen'}
          tone={session.sharing ? 'on' : undefined}
          disabled={connecting || someoneElseShares}
          run={() => void toggleScreen()}
        />
      )}
      <div class="menu-box">
        <Control icon="smile" label="React" disabled={connecting} run={() => setReacting(!reacting)} />
        {reacting && (
          <div class="menu menu-up quick-reactions" role="menu" aria-label="Reactions">
            {QUICK.map((name) => (
              <button key={name} type="button" class="emoji-button" role="menuitem" aria-label={`React with ${name}`} onClick={() => { setReacting(false); reactInCall(name); }}>
                {emojiCharacter(name)}
              </button>
            ))}
          </div>
        )}
      </div>
      {(callsConfig.value.EnableLiveCaptions || isActive(call?.captions)) && (
        <Control icon="captions" label="Captions" pressed={captionsOn.value} tone={captionsOn.value ? 'on' : undefined} run={() => (captionsOn.value = !captionsOn.value)} />
      )}
      <RecordControl connecting={connecting} />
      <LeaveControl />
    </div>
  );
}

function RecordControl({ connecting }: { connecting: string }) {
  const call = myCall.value;
  if (!callsConfig.value.EnableRecordings || !(iAmHost.value || isAdmin.value) || !call) return null;
  if (isActive(call.recording)) return <Control icon="stop" label="Stop recording" tone="danger" filled run={() => void stopRecording()} />;
  const starting = isStarting(call.recording) ? 'The recording is starting…' : '';
  return <Control icon="record" label="Start recording" filled disabled={connecting || starting || missing('offloader')} run={() => void startRecording()} />;
}

function LeaveControl() {
  const end = () => confirmDialog('End the call for everybody?', 'All participants leave.', 'End call', () => void endForAll());
  const others = (myCall.value?.sessions.length ?? 0) > 1;
  return (
    <>
      {(iAmHost.value || isAdmin.value) && others && <Control icon="close" label="End call for everyone" run={end} />}
      <Control icon="hangup" label="Leave call" tone="danger" filled run={leaveCall} />
    </>
  );
}
