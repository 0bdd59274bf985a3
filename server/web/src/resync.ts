// After a gap in the event stream everything that events would have said is fetched again.
import { loadTeams } from './auth/session';
import { refreshCalls } from './calls/load';
import { loadChannels } from './channels/load';
import { loadLatest } from './posts/load';
import { currentChannel } from './store/channels';
import { panel } from './store/panel';
import { threads, timelines } from './store/posts';
import { refreshStatuses } from './store/users';
import { loadThread } from './threads/load';

export async function resync(): Promise<void> {
  const open = currentChannel.value?.id;
  const rootId = panel.value?.kind === 'thread' ? panel.value.rootId : '';
  // Timelines nobody looks at are dropped and load again when opened.
  timelines.value = open && timelines.value[open] ? { [open]: timelines.value[open] } : {};
  threads.value = rootId && threads.value[rootId] ? { [rootId]: threads.value[rootId] } : {};
  await Promise.allSettled([
    loadTeams(),
    loadChannels(),
    refreshCalls(),
    refreshStatuses(),
    open ? loadLatest(open) : Promise.resolve(),
    rootId ? loadThread(rootId) : Promise.resolve(),
  ]);
}
