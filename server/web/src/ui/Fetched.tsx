import type { ComponentChildren } from 'preact';
import { t } from '../locale/locale';
import { Empty, ErrorNote, Spinner } from './states';
import type { Loaded } from './useLoaded';

interface Props<T> {
  of: Loaded<T>;
  /** What it is, for a server that has no such call: "This server does not offer {what}." */
  what: string;
  /** Shown instead of an empty list. */
  empty?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}

/** What `useLoaded` fetches: waiting, refused, not offered, empty, or there. */
export function Fetched<T>({ of, what, empty, children }: Props<T>) {
  if (of.status === 404 || of.status === 501) return <Empty title={t('state.notOffered')}>This server does not offer {what}.</Empty>;
  return (
    <>
      {of.error && <ErrorNote text={of.error} retry={of.reload} />}
      {of.value === null && !of.error && <Spinner />}
      {of.value !== null && (Array.isArray(of.value) && of.value.length === 0 && empty ? empty : children(of.value))}
    </>
  );
}
