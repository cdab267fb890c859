export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

const list = (text: string) => text.trim().split(/\s+/);

/** Words that tell nothing of the matter, without accents. */
const stopWords: Record<Language, ReadonlySet<string>> = {
  en: new Set(
    list(`a about after all already also am an and another any are as at be been but by can could d did do does doesn don for from get got had has
      have he hello hi how i if in is isn it its ll m me my of on or our out please re s she should so some t than thank
      thanks that the their them then there these they this those to too us ve very was wasn we were what when where
      which who whose why will with would you your there here want need like possible know tell see go going let make
      now today tomorrow yesterday last next week one two three long still way ways thing something anything too just`),
  ),
  es: new Set(
    list(`a al algo como con cual cuales cuando cuanto cuantos de del desde donde e el ella ellos en era es esa ese eso
      esta estan estas este esto estoy favor fue gracias ha han hasta hay he hola la las le les lo los mas me mi mis
      muy no nos o os para pero por porque puede pueden puedo que quien quiero quisiera se ser si sin sobre son su sus
      te ti tiene tienen tu tus u un una uno unos usted ustedes va y ya yo quiere queremos necesito tengo tener hacer hace hacen dice decir ver saber ahora hoy ayer manana
      semana ultimo ultima dos tres todavia aun solo otro otra otros otras mismo misma esto aqui`),
  ),
};

/** Lower case, without accents; words and numbers only. */
export function wordsOf(text: string): string[] {
  const plain = text.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Spanish has signs and stop words of its own; what shows neither is taken for English. */
export function languageOf(text: string): Language {
  const words = wordsOf(text);
  const hits = (language: Language) => words.filter((word) => stopWords[language].has(word)).length;
  const signs = (text.match(/[¿¡ñáéíóú]/gi) ?? []).length;
  return hits('es') + signs > hits('en') ? 'es' : 'en';
}

const englishEndings = ['ingly', 'ings', 'ing', 'edly', 'ed', 'ies', 'es', 's', 'ly', 'y', 'e'];
const spanishEndings = list(`aciones amientos imientos acion amiento imiento ciones cion iendo ando ieron aron
  abamos aban aba arlos arlas erlos erlas irlos irlas arlo arla erlo erla irlo irla ados adas idos idas ado ada ido ida amos emos imos ais eis
  arme arse ar er ir an en as es os a o e s`);
const endings: Record<Language, readonly string[]> = { en: englishEndings, es: spanishEndings };
const shortestStem = 3;

/** What is left of a word without its ending: crude, and the same for questions and articles. */
export function stemOf(word: string, language: Language): string {
  const ending = endings[language].find(
    (one) => word.endsWith(one) && word.length - one.length >= shortestStem,
  );
  if (ending === undefined || (language === 'en' && ending === 's' && word.endsWith('ss'))) return word;
  const stem = word.slice(0, word.length - ending.length);
  // "cancelling" and "cancel": a consonant that was doubled before the ending.
  return language === 'en' && /([bdglmnprt])\1$/.test(stem) && ending.length > 1 ? stem.slice(0, -1) : stem;
}

/** The stems that tell what the text is about, each once. */
export function tellingStems(text: string, language: Language): string[] {
  const telling = wordsOf(text).filter((word) => word.length > 1 && !stopWords[language].has(word));
  return [...new Set(telling.map((word) => stemOf(word, language)))];
}
