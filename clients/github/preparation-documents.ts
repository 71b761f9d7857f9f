/** The GraphQL documents of preparing and following a repository, by their operation's name; one point each, as those of `documents.ts`. */

/** Fails with FORBIDDEN when the credential may not read checks, as every reading of a pull request would. */
export const DefaultBranchChecks = `
  query DefaultBranchChecks($repository: ID!) {
    node(id: $repository) {
      ... on Repository {
        defaultBranchRef { target { ... on Commit { statusCheckRollup { contexts(first: 10) { nodes { __typename } } } } } }
      }
    }
  }
`;

/** The account that owns a repository, and whether whoever asks may make boards there. */
export const BoardOwner = `
  query BoardOwner($login: String!) {
    repositoryOwner(login: $login) {
      __typename
      id
      ... on Organization { viewerCanCreateProjects }
      ... on User { viewerCanCreateProjects }
    }
  }
`;

/** What a board's list says against what the repository's own issues say: an empty list alone proves nothing. */
export const BoardSight = `
  query BoardSight($board: ID!, $repository: ID!) {
    board: node(id: $board) {
      ... on ProjectV2 {
        viewerCanUpdate
        closed
        items(first: 100) {
          totalCount
          nodes { type }
        }
      }
    }
    repository: node(id: $repository) {
      ... on Repository {
        issues(first: 50, orderBy: { field: UPDATED_AT, direction: DESC }) {
          nodes { projectItems(first: 20, includeArchived: false) { nodes { project { id } } } }
        }
      }
    }
  }
`;

/** Boards that are linked to a repository; the mesh's own is among them. */
export const LinkedBoards = `
  query LinkedBoards($repository: ID!, $after: String) {
    node(id: $repository) {
      ... on Repository {
        projectsV2(first: 100, after: $after) {
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            number
            title
            url
            closed
            owner {
              __typename
              ... on Organization { login }
              ... on User { login }
            }
          }
        }
      }
    }
  }
`;

/** A board's columns, fields and automations. */
export const BoardShape = `
  query BoardShape($board: ID!) {
    node(id: $board) {
      ... on ProjectV2 {
        closed
        items(first: 1) { totalCount }
        fields(first: 100) {
          nodes {
            __typename
            ... on ProjectV2FieldCommon {
              id
              name
            }
            ... on ProjectV2SingleSelectField {
              options {
                name
                color
                description
              }
            }
          }
        }
        workflows(first: 100) {
          nodes {
            id
            name
            enabled
          }
        }
      }
    }
  }
`;

export const CreateBoard = `
  mutation CreateBoard($owner: ID!, $repository: ID!, $title: String!) {
    createProjectV2(input: { ownerId: $owner, repositoryId: $repository, title: $title }) {
      projectV2 {
        id
        number
        url
      }
    }
  }
`;

/** Replaces every option of a field; whatever items had one of them lose their value. */
export const ReplaceOptions = `
  mutation ReplaceOptions($field: ID!, $options: [ProjectV2SingleSelectFieldOptionInput!]!) {
    updateProjectV2Field(input: { fieldId: $field, singleSelectOptions: $options }) { projectV2Field { __typename } }
  }
`;

export const CreateField = `
  mutation CreateField($board: ID!, $name: String!, $type: ProjectV2CustomFieldType!, $options: [ProjectV2SingleSelectFieldOptionInput!]) {
    createProjectV2Field(input: { projectId: $board, name: $name, dataType: $type, singleSelectOptions: $options }) {
      projectV2Field { __typename }
    }
  }
`;

export const DeleteWorkflow = `
  mutation DeleteWorkflow($workflow: ID!) { deleteProjectV2Workflow(input: { workflowId: $workflow }) { deletedWorkflowId } }
`;

/** What a repository is called by now. */
export const RepositoryByKey = `
  query RepositoryByKey($id: ID!) {
    node(id: $id) {
      ... on Repository {
        nameWithOwner
        url
        defaultBranchRef { name }
      }
    }
  }
`;

/** Where a board is by now: its owner may have another name. */
export const BoardByKey = `
  query BoardByKey($id: ID!) {
    node(id: $id) {
      ... on ProjectV2 {
        number
        url
        owner {
          __typename
          ... on Organization { login }
          ... on User { login }
        }
      }
    }
  }
`;
