/** The knowledge base that the bot answers from. Keywords are the words that customers use for the matter. */
export const articles = [
  {
    title: 'Where is my order?',
    body: 'Open the order and choose tracking: it shows each step of the parcel. Parcels take two to four working days.',
    keywords: 'where order parcel package tracking track delivery arrive late shipped shipping',
  },
  {
    title: 'How do I return something?',
    body: 'You may return unused goods within 30 days. Open a ticket of the kind "return", and a label is sent to you.',
    keywords: 'return send back exchange label wrong size refund unused',
  },
  {
    title: 'When do I get my money back?',
    body: 'A refund goes to the card that paid, within five working days of the parcel reaching us.',
    keywords: 'refund money back card days paid reimbursement',
  },
  {
    title: 'How do I cancel an order?',
    body: 'Until it is shipped, an order can be cancelled on its page; the money goes back at once.',
    keywords: 'cancel cancellation stop order',
  },
  {
    title: 'Which ways to pay are there?',
    body: 'We take all usual cards. The amount is charged when the order is confirmed.',
    keywords: 'pay payment card visa mastercard invoice charge',
  },
  {
    title: 'How do I change my password?',
    body: 'Sign in, open your profile and choose "change password". All other sessions are signed out.',
    keywords: 'password change forgot login sign account reset',
  },
  {
    title: 'Do you ship abroad?',
    body: 'We ship within the European Union, and to Norway and Switzerland within ten working days.',
    keywords: 'abroad international country ship europe norway switzerland customs',
  },
  {
    title: 'Is there a guarantee?',
    body: 'All goods have two years of legal guarantee; many makers give more. Keep the order number.',
    keywords: 'guarantee warranty broken defect repair spare part',
  },
] as const;
