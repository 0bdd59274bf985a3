import { findChannels } from '../interactive/choices';
import { channels } from '../store/channels';
import { ChoiceField } from '../ui/ChoiceField';

interface Props {
  label: string;
  teamId: string;
  channelId: string;
  onChannel: (channelId: string) => void;
  hint?: string;
  required?: boolean;
}

/** Chooses one channel of the team. */
export function ChannelField({ label, teamId, channelId, onChannel, hint, required }: Props) {
  const chosen = channelId ? [{ value: channelId, text: channels.value[channelId]?.display_name ?? channelId }] : [];
  return <ChoiceField label={label} hint={hint} required={required} chosen={chosen} onChange={([choice]) => onChannel(choice?.value ?? '')} find={(term) => findChannels(term, teamId)} />;
}
