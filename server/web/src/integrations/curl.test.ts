import { expect, it } from 'vitest';
import { execFileSync } from 'node:child_process';
import { curl, quoted } from './curl';

it('survives the shell, whatever people called their things', () => {
  const text = `it's "$HOME" \`id\` \\ ü 夜`;
  expect(execFileSync('sh', ['-c', `printf %s ${quoted(text)}`]).toString()).toBe(text);
});

it('is one command over several lines', () => {
  expect(curl({ url: 'http://site/hooks/abc', json: { text: 'Hello' } })).toBe(
    "curl \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"text\":\"Hello\"}' \\\n  http://site/hooks/abc",
  );
  expect(curl({ url: 'http://site/x', method: 'PUT', form: { code: 'a b' } })).toBe("curl \\\n  -X PUT \\\n  --data-urlencode 'code=a b' \\\n  http://site/x");
});
