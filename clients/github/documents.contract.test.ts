import { schema as published } from "@octokit/graphql-schema";
import { buildSchema, getOperationAST, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { costOf } from "../../dev/github/graphql/cost.ts";
import * as documents from "./documents.ts";
import * as preparationDocuments from "./preparation-documents.ts";

const schema = buildSchema(published.idl, { assumeValid: true, assumeValidSDL: true });

describe("GraphQL documents", () => {
  it.each(Object.entries({ ...documents, ...preparationDocuments }))(
    "%s is valid for GitHub's published schema, named as its constant, and costs one point",
    (name, document) => {
      const parsed = parse(document);
      expect(validate(schema, parsed).map((error) => error.message)).toEqual([]);
      const operation = getOperationAST(parsed, name);
      expect(operation?.name?.value).toBe(name);
      expect(operation && costOf(parsed, operation, {}).points).toBe(1);
    },
  );
});
