/**
 * What customers ask in English, each with what the bot should do: the article that answers it, `order-status` for what only
 * the customer's own orders tell, `hand-over` for what a person must answer.
 */
export const englishQuestions = `
return-how | I'd like to send these trousers back, how does that work?
return-how | what is your return policy
return-how | Can I return a kettle that I never used?
return-how | I changed my mind about the lamp. Is it too late to give it back after three weeks?
return-how | Where do I get the return label?
return-how | how to retrun an item
refund-when | I returned the boots last week, when will I see my money?
refund-when | How many days until the refund is on my card?
refund-when | still waiting for my reimbursement
cancel-order | I want to cancel the order I placed this morning
cancel-order | Is it possible to cancel? I ordered by accident
cancel-order | Please cancel order 4711
change-order | Can I add a second pillow to the order I made yesterday?
change-order | I need to change the quantity in my order
exchange | The shirt is too small, can I swap it for a larger one?
exchange | Can I get the same chair in another colour instead?
damaged | The vase arrived shattered
damaged | My blender came with a crack in the jug, what now?
damaged | the box was crushed and the lamp inside is broken
wrong-item | You sent me a blue rug, I ordered a red one
wrong-item | I got a completely different product from what I ordered
missing-item | The tent came without the pegs
missing-item | One of the three items is missing from the package
payment-methods | Can I pay with PayPal?
payment-methods | which credit cards do you accept?
payment-methods | Is it possible to pay by bank transfer or in instalments?
payment-declined | Why does my card get rejected at checkout?
payment-declined | My payment failed, what can I do?
charged-twice | There are two identical charges on my bank statement
charged-twice | you took the money twice!
invoice | I need an invoice with VAT for my employer
invoice | Where can I download the receipt?
discount-code | My voucher doesn't work in the cart
discount-code | where do I type in the promo code
change-password | I'd like to set a new password
change-password | How can I update my password for security reasons?
forgot-password | I can't remember my password
forgot-password | I can't log in any more, I lost my password
change-email | I have a new email address, how do I update it?
change-email | My last name changed after my wedding, where do I edit it?
delete-account | Please tell me how to close my account
delete-account | I want all my personal data erased
privacy | Do you share my data with third parties?
privacy | How can I get a copy of the information you store about me?
guarantee | My headphones stopped working after a year, are they under warranty?
guarantee | How long is the warranty on a chainsaw?
spare-parts | Can I buy a new lid for my saucepan?
spare-parts | Do you have replacement filters for the coffee machine?
back-in-stock | The blue sofa is sold out, when will you have it again?
back-in-stock | Can you tell me when the drone is available again
gift | Do you offer gift wrapping?
gift | It's a birthday present, can you add a card with a message?
gift-card | I would like to buy a gift card for my sister
gift-card | how long is a gift card valid
guest-order | Do I have to register to buy something?
guest-order | Can I check out as a guest?
contact | What is your phone number?
contact | When is customer support open?
newsletter | How do I unsubscribe from your emails?
newsletter | stop sending me the newsletter please
sustainability | Is your packaging recyclable?
sustainability | Do you use plastic in your parcels?
size-guide | I am between M and L, which size should I take?
size-guide | Is there a size chart for the jackets?
business | Do you offer discounts for bulk orders of a company?
business | We are a hotel and need 200 towels, can we get an offer?
delivery-time | How many days does delivery usually take?
delivery-time | Do you deliver at the weekend?
delivery-time | How fast is your shipping?
delivery-cost | How much is shipping?
delivery-cost | From which amount is delivery free?
ship-abroad | Do you deliver to Switzerland?
ship-abroad | Can you send a parcel to my sister in Norway?
ship-abroad | do i have to pay customs
missed-delivery | I wasn't home when the courier rang
missed-delivery | The driver left a card saying he missed me, where can I pick up the parcel?
change-address | I typed the wrong house number in my order
change-address | We are moving next week, can the parcel go to the new address?
track-order | Where do I see the tracking of a parcel?
track-order | how can I track an order
order-status | Where is my order?
order-status | Has my order shipped yet?
order-status | When will my parcel arrive?
order-status | What's the status of my last order
order-status | did my package already leave the warehouse?
order-status | My order should have been here yesterday, where is it?
order-status | Is my order on its way?
order-status | any news about my delivery?
order-status | I am still waiting for my package
order-status | can you check how far my order is
order-status | was my order delivered?
order-status | my stuff hasn't come yet
order-status | Where's the chair I ordered?
order-status | Status of order 12?
hand-over | I want to speak to a human being
hand-over | Connect me with an agent right now
hand-over | This is the third time I write, you are useless
hand-over | I will call my lawyer if this is not solved today
hand-over | What a joke of a shop, I am furious
hand-over | Your driver damaged my fence, who pays for that?
hand-over | Is the walnut table safe for a baby to chew on?
hand-over | Do you have jobs in your warehouse?
hand-over | Which of the two drills is better for concrete?
hand-over | Can you recommend a wine for fish?
hand-over | My neighbour's dog ate the instruction manual
hand-over | Will it rain tomorrow?
hand-over | I would like to interview your CEO for our magazine
hand-over | The oven caught fire and burned my kitchen
hand-over | does the lawn mower run on petrol or on electricity
hand-over | Can I visit you and look at the sofas?
hand-over | Who won the match last night?
hand-over | asdf qwer zxcv
hand-over | How do I assemble the bookcase?
hand-over | What is the meaning of life?
hand-over | Do you buy used furniture?
hand-over | Is it true that you closed your store in Porto?
hand-over | You are thieves, I demand my money and compensation
hand-over | I want to report a fraud, somebody ordered with my stolen card
hand-over | The app crashes on my phone when I open the camera
hand-over | how heavy is the garden bench
`;
