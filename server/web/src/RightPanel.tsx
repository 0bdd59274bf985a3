import { MembersPanel } from './channels/MembersPanel';
import { SearchPanel } from './search/SearchPanel';
import { PinnedPanel } from './search/PinnedPanel';
import { panel } from './store/panel';
import { ThreadPanel } from './threads/ThreadPanel';

export function RightPanel() {
  const open = panel.value;
  switch (open?.kind) {
    case 'thread':
      return <ThreadPanel key={open.rootId} rootId={open.rootId} />;
    case 'search':
      return <SearchPanel terms={open.terms} />;
    case 'members':
      return <MembersPanel key={open.channelId} channelId={open.channelId} />;
    case 'pinned':
      return <PinnedPanel key={open.channelId} channelId={open.channelId} />;
    case undefined:
      return null;
  }
}
