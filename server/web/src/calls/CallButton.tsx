import type { ServerChannel as Channel } from '@mattermost/types/channels';
import { t } from '../locale/locale';
import { missing } from '../services/services';
import { isAdmin } from '../store/session';
import { Icon } from '../ui/Icon';
import { requestJoin } from './actions';
import { activeCalls, callsConfig, callsVersion, channelEnabled, mySession } from './calls';

/** Starts or joins the channel's call; absent on servers without calls. */
export function CallButton({ channel }: { channel: Channel }) {
  if (!callsVersion.value) return null;
  const call = activeCalls.value[channel.id];
  const inThis = mySession.value?.channelId === channel.id;
  if (inThis) {
    return (
      <span class="in-call" role="status">
        <Icon name="phone" size={16} /> {t('call.inThis')}
      </span>
    );
  }
  const allowed = channelEnabled.value[channel.id] ?? (callsConfig.value.DefaultEnabled === true || isAdmin.value);
  const away = missing('rtcd');
  const reason = away || (!call && !allowed ? t('call.off') : '');
  const label = call ? t('call.join') : t('call.start');
  return (
    <button type="button" class={call ? 'button primary' : 'button ghost'} disabled={reason !== ''} title={reason || label} onClick={() => void requestJoin(channel.id)}>
      <Icon name="phone" /> <span class="wide-only">{label}</span>
      <span class="sr-only narrow-only">{label}</span>
    </button>
  );
}
