import { displayName, users } from '../store/users';
import { captionLines, captionsOn, myCall } from './calls';
import { isActive } from './protocol/call-state';

/** What is being said, as text, with who says it. */
export function Captions() {
  const call = myCall.value;
  if (!captionsOn.value || !call) return null;
  const lines = captionLines.value;
  if (lines.length === 0 && !isActive(call.captions)) return null;
  return (
    <div class="captions" role="log" aria-label="Live captions" aria-live="polite">
      {lines.length === 0 && <p class="hint">Captions appear when somebody speaks.</p>}
      {lines.map((line) => (
        <p key={line.id}>
          <strong>{displayName(users.value[line.userId])}</strong> {line.text}
        </p>
      ))}
    </div>
  );
}
