// The routes of pictures and files.
import { z } from "zod";
import { created, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { linkMedia } from "./link-media.ts";
import { mediaLink, uploadedMedia } from "./schemas.ts";
import { uploadMedia } from "./upload-media.ts";

export const routes = [
  // The body is a file, so it is described here and checked by the use case.
  route({
    method: "POST",
    path: "/media",
    summary: "Upload a picture, to send it with a text",
    description:
      "Body: the picture itself, or multipart/form-data with it in field `file`; JPEG, PNG or GIF by its contents, at most 5 MiB. It is " +
      "deleted after 24 hours if no text was sent with it.",
    permission: "operator",
    response: created(uploadedMedia),
    run: uploadMedia,
  }),
  route({
    method: "GET",
    path: "/media/{id}",
    summary: "Get a link to a picture or file of a message, good for ten minutes",
    description: "Pictures open in the browser; everything else is downloaded.",
    permission: "viewer",
    request: { params: z.object({ id: z.uuid() }) },
    response: object(mediaLink),
    run: linkMedia,
  }),
];
