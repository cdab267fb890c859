/**
 * lost: an acknowledged write is not there. doubled: its effect is there more than once. refused: a write that was refused is
 * there. unexplained: nobody asked for it.
 */
export type FindingKind = 'lost' | 'doubled' | 'refused' | 'unexplained';

export interface Finding {
  kind: FindingKind;
  text: string;
}

export class Findings {
  readonly all: Finding[] = [];

  add(kind: FindingKind, text: string): void {
    this.all.push({ kind, text });
  }

  count(kind: FindingKind): number {
    return this.all.filter((finding) => finding.kind === kind).length;
  }
}
