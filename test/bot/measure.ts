import type { LabelledQuestion } from './labelled.ts';

export interface Measured {
  questions: number;
  /** Answered by the bot: with an article, or from the asker's orders. */
  given: number;
  right: number;
  handedOver: number;
  /** Of the questions that a person must answer, those that a person got. */
  handOverWanted: number;
  handOverWantedGot: number;
  precision: number;
  handOverRate: number;
}

/** `read` gives what the bot does with a question: an article's code, `order-status` or `hand-over`. */
export function measure(
  questions: readonly LabelledQuestion[],
  read: (question: string) => string,
): Measured {
  const results = questions.map(({ question, label }) => ({ label, got: read(question) }));
  const given = results.filter(({ got }) => got !== 'hand-over');
  const right = given.filter(({ got, label }) => got === label).length;
  const wanted = results.filter(({ label }) => label === 'hand-over');
  const handedOver = results.length - given.length;
  return {
    questions: results.length,
    given: given.length,
    right,
    handedOver,
    handOverWanted: wanted.length,
    handOverWantedGot: wanted.filter(({ got }) => got === 'hand-over').length,
    precision: right / given.length,
    handOverRate: handedOver / results.length,
  };
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** A row of the table in docs/bot.md. */
export function rowOf(name: string, measured: Measured): string {
  const { questions, given, right, precision, handedOver, handOverRate, handOverWantedGot, handOverWanted } =
    measured;
  const cells = [
    name,
    questions,
    `${right} of ${given} = ${percent(precision)}`,
    `${handedOver} = ${percent(handOverRate)}`,
    `${handOverWantedGot} of ${handOverWanted}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
