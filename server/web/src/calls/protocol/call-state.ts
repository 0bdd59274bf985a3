// Calls by channel and how server events change them. Pure; the wire's mixed spellings end here.

export interface Session {
  sessionId: string;
  userId: string;
  unmuted: boolean;
  speaking: boolean;
  /** When the hand went up, in ms since the epoch; 0 when it is down. */
  raisedHand: number;
}

export interface Job {
  type: string;
  init_at: number;
  start_at: number;
  end_at: number;
  err?: string;
}

export interface Call {
  id: string;
  channelId: string;
  startAt: number;
  hostId: string;
  ownerId: string;
  postId: string;
  threadId: string;
  /** In the order of joining. */
  sessions: Session[];
  screenSessionId: string;
  recording?: Job;
  captions?: Job;
}

export type Calls = Record<string, Call>;

type Data = Record<string, unknown>;

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : 0);
const userOf = (data: Data) => text(data.user_id) || text(data.userID);

function emptyCall(channelId: string): Call {
  return { id: '', channelId, startAt: 0, hostId: '', ownerId: '', postId: '', threadId: '', sessions: [], screenSessionId: '' };
}

function jobOf(value: unknown): Job | undefined {
  if (!value || typeof value !== 'object') return undefined;
  const job = value as Partial<Job>;
  return { type: text(job.type), init_at: number(job.init_at), start_at: number(job.start_at), end_at: number(job.end_at), err: text(job.err) || undefined };
}

/** A call from the server's own description of it. */
export function readCall(channelId: string, state: Data, known?: Call): Call {
  const sessions = Array.isArray(state.sessions) ? (state.sessions as Data[]) : [];
  return {
    id: text(state.id),
    channelId,
    startAt: number(state.start_at),
    hostId: text(state.host_id),
    ownerId: text(state.owner_id),
    postId: text(state.post_id),
    threadId: text(state.thread_id),
    sessions: sessions.map((session) => ({
      sessionId: text(session.session_id),
      userId: text(session.user_id),
      unmuted: session.unmuted === true,
      raisedHand: number(session.raised_hand),
      speaking: known?.sessions.find((old) => old.sessionId === session.session_id)?.speaking ?? false,
    })),
    screenSessionId: text(state.screen_sharing_session_id),
    recording: jobOf(state.recording),
    captions: jobOf(state.live_captions),
  };
}

/** True while the job runs. */
export const isActive = (job: Job | undefined) => job !== undefined && job.start_at > 0 && job.end_at === 0;
/** True between asking for the job and its start. */
export const isStarting = (job: Job | undefined) => job !== undefined && job.start_at === 0 && job.end_at === 0 && !job.err;

const patch = (calls: Calls, channelId: string, change: (call: Call) => Partial<Call>): Calls => {
  const call = calls[channelId];
  return call ? { ...calls, [channelId]: { ...call, ...change(call) } } : calls;
};

const patchSession = (calls: Calls, channelId: string, data: Data, change: Partial<Session>): Calls =>
  patch(calls, channelId, (call) => ({
    sessions: call.sessions.map((session) => (session.sessionId === data.session_id ? { ...session, ...change } : session)),
  }));

const without = (calls: Calls, channelId: string): Calls => {
  const { [channelId]: _ended, ...rest } = calls;
  return rest;
};

/** The calls after one event. `name` has no prefix; `channelId` is data.channelID or the broadcast's. */
export function applyEvent(calls: Calls, name: string, channelId: string, data: Data): Calls {
  switch (name) {
    case 'call_start':
      return {
        ...calls,
        [channelId]: {
          ...(calls[channelId] ?? emptyCall(channelId)),
          id: text(data.id),
          startAt: number(data.start_at),
          hostId: text(data.host_id),
          ownerId: text(data.owner_id),
          postId: text(data.post_id),
          threadId: text(data.thread_id),
        },
      };
    case 'call_end':
      return without(calls, channelId);
    case 'call_state': {
      const id = text(data.channel_id) || channelId;
      try {
        const state = JSON.parse(text(data.call)) as Data | null;
        return state && state.id ? { ...calls, [id]: readCall(id, state, calls[id]) } : without(calls, id);
      } catch {
        return calls;
      }
    }
    case 'user_joined': {
      const call = calls[channelId] ?? emptyCall(channelId);
      if (call.sessions.some((session) => session.sessionId === data.session_id)) return calls;
      const session: Session = { sessionId: text(data.session_id), userId: userOf(data), unmuted: false, speaking: false, raisedHand: 0 };
      return { ...calls, [channelId]: { ...call, sessions: [...call.sessions, session] } };
    }
    case 'user_left': {
      const left = patch(calls, channelId, (call) => ({
        sessions: call.sessions.filter((session) => session.sessionId !== data.session_id),
        screenSessionId: call.screenSessionId === data.session_id ? '' : call.screenSessionId,
      }));
      // The natural end of a call is announced by nothing else.
      return left[channelId]?.sessions.length === 0 ? without(left, channelId) : left;
    }
    case 'user_muted':
      return patchSession(calls, channelId, data, { unmuted: false, speaking: false });
    case 'user_unmuted':
      return patchSession(calls, channelId, data, { unmuted: true });
    case 'user_voice_on':
      return patchSession(calls, channelId, data, { speaking: true });
    case 'user_voice_off':
      return patchSession(calls, channelId, data, { speaking: false });
    case 'user_raise_hand':
    case 'user_unraise_hand':
      return patchSession(calls, channelId, data, { raisedHand: number(data.raised_hand) });
    case 'user_screen_on':
      return patch(calls, channelId, () => ({ screenSessionId: text(data.session_id) }));
    case 'user_screen_off':
      return patch(calls, channelId, () => ({ screenSessionId: '' }));
    case 'call_host_changed':
      return patch(calls, channelId, () => ({ hostId: text(data.hostID) }));
    case 'call_job_state': {
      const job = jobOf(data.jobState);
      const id = text(data.callID) || channelId;
      if (job?.type === 'recording') return patch(calls, id, () => ({ recording: job }));
      if (job?.type === 'captioning') return patch(calls, id, () => ({ captions: job }));
      return calls;
    }
    default:
      return calls;
  }
}
