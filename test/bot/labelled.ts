import { createHash } from 'node:crypto';
import { englishQuestions } from './questions-en.ts';
import { spanishQuestions } from './questions-es.ts';

export interface LabelledQuestion {
  question: string;
  language: 'en' | 'es';
  /** An article's code, `order-status` or `hand-over`. */
  label: string;
  half: 'tuning' | 'held-back';
}

/** Which half a question is in rests on its text alone: none can be moved to where it looks better. */
function halfOf(question: string): LabelledQuestion['half'] {
  return (createHash('sha256').update(question).digest()[0] ?? 0) % 2 === 0 ? 'tuning' : 'held-back';
}

const read = (text: string, language: LabelledQuestion['language']): LabelledQuestion[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [label = '', question = ''] = line.split(' | ');
      return { question, language, label, half: halfOf(question) };
    });

export const labelledQuestions: readonly LabelledQuestion[] = [
  ...read(englishQuestions, 'en'),
  ...read(spanishQuestions, 'es'),
];
