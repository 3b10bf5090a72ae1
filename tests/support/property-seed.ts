/**
 * The seed of properties: the same in each run, so that no verdict depends on chance. A long run takes another one each time, and prints it:
 * what it finds is repeated with SPILLWAY_PROPERTY_SEED, or the variable of the test.
 */
import { isLong } from "./property-runs.ts";

const asked = process.env["SPILLWAY_PROPERTY_SEED"];
const usual = 20_261_130;

export const propertySeed = asked === undefined ? (isLong ? Date.now() % 2 ** 31 : usual) : Number(asked);

/** Of tests whose seed has a variable of its own. */
export const seedFrom = (variable: string): number => Number(process.env[variable] ?? propertySeed);
