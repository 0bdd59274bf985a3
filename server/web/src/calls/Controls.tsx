import { useState } from 'preact/hooks';
import { emojiCharacter, QUICK } from '../emoji/emoji';
import { t } from '../locale/locale';
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
  const connecting = session.stage === 'joining' || session.stage === 'connecting' ? t('call.connecting') : '';
  const someoneElseShares = call?.screenSessionId && call.screenSessionId !== session.sessionId ? t('call.otherShares') : '';
  const handUp = myHandIsUp();
  return (
    <div class="controls" role="group" aria-label={t('call.controls')}>
      <Control icon={session.muted ? 'micOff' : 'mic'} label={session.muted ? t('call.unmute') : t('call.mute')} tone={session.muted ? undefined : 'on'} disabled={connecting} run={() => void toggleMute()} />
      <Control icon="hand" label={handUp ? t('call.lower') : t('call.raise')} tone={handUp ? 'on' : undefined} disabled={connecting} run={toggleHand} />
      {callsConfig.value.AllowScreenSharing !== false && (
        <Control
          icon="screen"
          label={session.sharing ? t('call.stopShare') : t('call.share')}
          tone={session.sharing ? 'on' : undefined}
          disabled={connecting || someoneElseShares}
          run={() => void toggleScreen()}
        />
      )}
      <div class="menu-box">
        <Control icon="smile" label={t('call.react')} disabled={connecting} run={() => setReacting(!reacting)} />
        {reacting && (
          <div class="menu menu-up quick-reactions" role="menu" aria-label={t('post.reactions')}>
            {QUICK.map((name) => (
              <button key={name} type="button" class="emoji-button" role="menuitem" aria-label={t('call.reactWith', { name })} onClick={() => { setReacting(false); reactInCall(name); }}>
                {emojiCharacter(name)}
              </button>
            ))}
          </div>
        )}
      </div>
      {(callsConfig.value.EnableLiveCaptions || isActive(call?.captions)) && (
        <Control icon="captions" label={t('call.captions')} pressed={captionsOn.value} tone={captionsOn.value ? 'on' : undefined} run={() => (captionsOn.value = !captionsOn.value)} />
      )}
      <RecordControl connecting={connecting} />
      <LeaveControl />
    </div>
  );
}

function RecordControl({ connecting }: { connecting: string }) {
  const call = myCall.value;
  if (!callsConfig.value.EnableRecordings || !(iAmHost.value || isAdmin.value) || !call) return null;
  if (isActive(call.recording)) return <Control icon="stop" label={t('call.stopRecord')} tone="danger" filled run={() => void stopRecording()} />;
  const starting = isStarting(call.recording) ? t('call.recordStarting') : '';
  return <Control icon="record" label={t('call.record')} filled disabled={connecting || starting || missing('offloader')} run={() => void startRecording()} />;
}

function LeaveControl() {
  const end = () => confirmDialog(t('call.endAsk'), t('call.endText'), t('call.end'), () => void endForAll());
  const others = (myCall.value?.sessions.length ?? 0) > 1;
  return (
    <>
      {(iAmHost.value || isAdmin.value) && others && <Control icon="close" label={t('call.endAll')} run={end} />}
      <Control icon="hangup" label={t('call.leave')} tone="danger" filled run={leaveCall} />
    </>
  );
}
