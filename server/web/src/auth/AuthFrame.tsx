import type { ComponentChildren } from 'preact';
import { siteName } from '../store/session';

/** The card that holds every form outside the workspace. */
export function AuthFrame({ title, lead, children }: { title: string; lead?: string; children: ComponentChildren }) {
  return (
    <main class="full-page auth-page">
      <div class="auth-brand">
        <img src="/favicon.svg" alt="" width="40" height="40" />
        <span>{siteName.value}</span>
      </div>
      <section class="card">
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
        {children}
      </section>
    </main>
  );
}
