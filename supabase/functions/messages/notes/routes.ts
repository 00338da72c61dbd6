// The routes of notes.
import { z } from "zod";
import { created, empty, object } from "../../_shared/http/responses.ts";
import { route } from "../../_shared/http/route.ts";
import { addNote, changeNote, deleteNote, listNotes } from "./notes.ts";
import { note, noteChange, noteInput } from "./schemas.ts";

const params = z.object({ id: z.uuid() });

export const routes = [
  route({
    method: "GET",
    path: "/conversations/{id}/notes",
    summary: "List the notes of a conversation, newest first",
    permission: "viewer",
    request: { params },
    response: object(z.array(note)),
    run: listNotes,
  }),
  route({
    method: "POST",
    path: "/conversations/{id}/notes",
    summary: "Add a note, which the person never sees",
    permission: "operator",
    request: { params, body: noteInput },
    response: created(note),
    run: addNote,
  }),
  route({
    method: "PATCH",
    path: "/notes/{id}",
    summary: "Change one's own note; admins change any",
    permission: "operator",
    request: { params, body: noteChange },
    response: object(note),
    run: changeNote,
  }),
  route({
    method: "DELETE",
    path: "/notes/{id}",
    summary: "Empty one's own note; admins empty any",
    permission: "operator",
    request: { params },
    response: empty(),
    run: deleteNote,
  }),
];
