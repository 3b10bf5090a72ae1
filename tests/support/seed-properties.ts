/** Setup of every test file: properties that name no seed take the one of the run. */
import fc from "fast-check";
import { isLong } from "./property-runs.ts";
import { propertySeed } from "./property-seed.ts";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed });
if (isLong) console.info(`properties: seed ${propertySeed}`);
