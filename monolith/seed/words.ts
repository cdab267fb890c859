/** What the shop sells: `slug | name | slug of the parent | nouns`. */
const lines = `
kitchen | Kitchen | | Mixing Bowl, Kitchen Scale, Salad Spinner, Colander, Measuring Jug, Spice Rack
cookware | Cookware | kitchen | Frying Pan, Saucepan, Casserole, Wok, Stock Pot, Grill Pan, Roasting Tin
knives | Knives | kitchen | Chef Knife, Bread Knife, Paring Knife, Santoku, Knife Block, Sharpening Stone
coffee-tea | Coffee and Tea | kitchen | Espresso Machine, Coffee Grinder, French Press, Kettle, Teapot, Milk Frother
small-appliances | Small Appliances | kitchen | Toaster, Blender, Rice Cooker, Hand Mixer, Slow Cooker, Air Fryer
electronics | Electronics | | Power Bank, Smart Plug, Travel Adapter, Digital Radio, Alarm Clock
computers | Computers | electronics | Laptop, Mini PC, Tablet, Monitor, Docking Station
keyboards-mice | Keyboards and Mice | electronics | Mechanical Keyboard, Wireless Keyboard, Gaming Mouse, Trackball, Wrist Rest
audio | Audio | electronics | Headphones, Earbuds, Bluetooth Speaker, Soundbar, Turntable, Microphone
cameras | Cameras | electronics | Action Camera, Tripod, Camera Bag, Webcam, Lens Filter
cables | Cables and Chargers | electronics | Charging Cable, Wall Charger, HDMI Cable, Network Cable, Car Charger
home | Home | | Door Mat, Wall Clock, Picture Frame, Candle Holder, Storage Box
bedding | Bedding | home | Duvet, Pillow, Bed Sheet, Mattress Topper, Blanket, Pillowcase
bath | Bath | home | Bath Towel, Shower Curtain, Bath Mat, Soap Dispenser, Laundry Basket
lighting | Lighting | home | Desk Lamp, Floor Lamp, Pendant Light, Light Bulb, Night Light, Wall Sconce
furniture | Furniture | home | Office Chair, Bookcase, Coffee Table, Bar Stool, Wardrobe, Writing Desk
decor | Decoration | home | Vase, Throw Cushion, Rug, Mirror, Wall Shelf
garden | Garden | | Garden Hose, Bird Feeder, Rain Barrel, Compost Bin, Garden Bench
garden-tools | Garden Tools | garden | Pruning Shears, Lawn Mower, Hedge Trimmer, Garden Fork, Wheelbarrow
plants | Plants and Seeds | garden | Tomato Seeds, Herb Kit, Lavender Plant, Flower Bulbs, Olive Tree
barbecue | Barbecue | garden | Charcoal Grill, Gas Grill, Grill Tongs, Smoker, Pizza Stone
sports | Sports | | Water Bottle, Sports Bag, Skipping Rope, Stopwatch, Foam Roller
fitness | Fitness | sports | Dumbbell, Kettlebell, Yoga Mat, Exercise Bike, Resistance Band
cycling | Cycling | sports | Bike Helmet, Bike Lock, Bicycle Pump, Saddle, Bike Light, Pannier
camping | Camping | sports | Tent, Sleeping Bag, Camping Stove, Headlamp, Folding Chair, Cool Box
running | Running | sports | Running Shoes, Running Vest, Heart Rate Monitor, Running Belt, Trail Shoes
fashion | Fashion | | Leather Belt, Wool Scarf, Umbrella, Sunglasses, Wallet
menswear | Menswear | fashion | Oxford Shirt, Chino Trousers, Denim Jacket, Polo Shirt, Wool Jumper
womenswear | Womenswear | fashion | Linen Dress, Silk Blouse, Pleated Skirt, Trench Coat, Cardigan
shoes | Shoes | fashion | Leather Boots, Canvas Sneakers, Loafers, Sandals, Slippers
watches | Watches | fashion | Diver Watch, Field Watch, Chronograph, Watch Strap, Dress Watch
toys | Toys and Games | | Wooden Train, Building Blocks, Kite, Yo-yo, Spinning Top
board-games | Board Games | toys | Chess Set, Strategy Game, Card Game, Dice Set, Backgammon
puzzles | Puzzles | toys | Jigsaw Puzzle, Puzzle Cube, Wooden Puzzle, Puzzle Mat
books | Books | | Cookbook, Travel Guide, Atlas, Dictionary, Picture Book
stationery | Stationery | books | Notebook, Fountain Pen, Pencil Case, Desk Organiser, Sketchbook, Stapler
health | Health and Beauty | | Electric Toothbrush, Hair Dryer, First Aid Kit, Shaving Set
skincare | Skincare | health | Face Cream, Sun Lotion, Hand Cream, Cleansing Gel, Lip Balm
pets | Pets | | Dog Bed, Cat Tree, Dog Lead, Food Bowl, Aquarium
tools | Tools | | Cordless Drill, Socket Set, Claw Hammer, Spirit Level, Toolbox, Hand Saw
`;

export interface SeedCategory {
  slug: string;
  name: string;
  parentSlug: string | undefined;
  nouns: string[];
}

export const categories: SeedCategory[] = lines
  .trim()
  .split('\n')
  .map((line) => {
    const [slug = '', name = '', parent = '', nouns = ''] = line.split('|').map((part) => part.trim());
    return { slug, name, parentSlug: parent === '' ? undefined : parent, nouns: nouns.split(', ') };
  });

const words = (text: string) => text.split(' ');

export const brands = words(
  'Norvik Alder Brightwell Castellan Dunmore Everly Fjordal Galloway Harrow Ibex Juniper Kestrel Lumen Marlow Northgate Oakham Pellworm Quayside Rowan Sable Tamsin Umbra Verdant Wexford Yarrow Zephyr',
);
export const adjectives = words(
  'Classic Compact Deluxe Everyday Foldable Heavy-duty Insulated Lightweight Modern Original Portable Premium Professional Quiet Recycled Rustic Slim Sturdy Traditional Ultra Vintage Waterproof',
);
export const materials = words(
  'aluminium bamboo cotton steel oak glass linen wool leather ceramic cork titanium',
);
export const colours = words('black white navy olive red grey sand teal copper ivory');
export const uses = [
  'for small households',
  'for daily use',
  'for beginners and experts alike',
  'for travel',
  'for the whole family',
  'for long evenings outside',
  'for demanding work',
];
export const promises = [
  'Two years of guarantee.',
  'Easy to clean.',
  'Packed without plastic.',
  'Spare parts are available for ten years.',
  'Tested by an independent laboratory.',
  'Delivered ready to use.',
];
export const firstNames = words(
  'Ada Bruno Carla Dario Elena Felix Greta Hugo Ines Jonas Karla Luca Mara Nils Olga Paul Rosa Sven Tilda Uwe Vera Willem Yara Zoe Amir Beatriz Chen Divya',
);
export const lastNames = words(
  'Almeida Berg Castro Dietrich Evans Fontaine Garcia Hansen Ivanov Jensen Kowalski Lindqvist Moreau Nowak Okafor Petrov Quist Rossi Schmidt Tanaka Ueda Vargas Weber Xu Young Zimmer',
);
export const streets = words('Harbour Mill Station Church Garden River Market School Forest Hill');
export const cities = words('Lisbon Hamburg Ghent Turin Lyon Malmo Krakow Graz Porto Utrecht');
