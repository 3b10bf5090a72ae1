/** Addresses of customers' servers in settings. Which hosts may be contacted is decided elsewhere, when saved and at every request. */
import { z } from "zod";
import { notStorable, storable } from "../storable.ts";

/** An http or https URL without user name, query and fragment. */
export const httpAddress = z
  .string()
  .max(2000)
  .refine(storable, notStorable)
  .refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    const isPlain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
    return (url.protocol === "https:" || url.protocol === "http:") && url.hostname !== "" && isPlain;
  }, "must be a URL such as https://host, without user name, query and fragment");
