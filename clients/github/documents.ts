/**
 * Every GraphQL document sent to GitHub, by its operation's name. Each is one point; nested lists in a page of a board would make it 11
 * (https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api).
 */
const cardFields = `
  fragment Card on Issue {
    number
    title
    body
    state
    url
    author {
      __typename
      login
    }
    repository { id }
    labels(first: 100) { nodes { name } }
    projectItems(first: 50, includeArchived: true) {
      nodes {
        id
        isArchived
        project { id }
        fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
      }
    }
  }
`;

const pullFields = `
  fragment Pull on PullRequest {
    number
    url
    headRefName
    headRefOid
    isCrossRepository
    state
    merged
    mergedBy {
      __typename
      login
    }
    mergeCommit { oid }
    mergeable
    commits(last: 1) {
      totalCount
      nodes {
        commit {
          oid
          statusCheckRollup {
            state
            contexts(first: 100) {
              nodes {
                __typename
                ... on CheckRun {
                  name
                  status
                  conclusion
                  title
                  summary
                }
                ... on StatusContext {
                  context
                  state
                  description
                }
              }
            }
          }
        }
      }
    }
    reviews(last: 50, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) {
      nodes {
        id
        state
        body
        author {
          __typename
          login
        }
        commit { oid }
      }
    }
    reviewThreads(last: 50) {
      nodes {
        isResolved
        path
        line
        comments(first: 5) {
          nodes {
            body
            author {
              __typename
              login
            }
          }
        }
      }
    }
  }
`;

/** The cheap page of a poll: which cards there are, and what tells whether one has changed. */
export const BoardPage = `
  query BoardPage($board: ID!, $after: String) {
    node(id: $board) {
      ... on ProjectV2 {
        items(first: 100, after: $after) {
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            isArchived
            updatedAt
            type
            fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
            content {
              ... on Issue {
                number
                state
                updatedAt
                repository { id }
              }
            }
          }
        }
      }
    }
    rateLimit { cost }
  }
`;

export const CardByIssue = `
  query CardByIssue($repository: ID!, $number: Int!) { node(id: $repository) { ... on Repository { issue(number: $number) { ...Card } } } }
  ${cardFields}
`;

export const CardByContent = `
  query CardByContent($content: ID!) {
    node(id: $content) {
      __typename
      ...Card
    }
  }
  ${cardFields}
`;

/** Where a card stands and what columns its board has now: options are matched by name, since their ids are re-minted by edits. */
export const CardColumn = `
  query CardColumn($item: ID!) {
    node(id: $item) {
      ... on ProjectV2Item {
        isArchived
        fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
        project {
          id
          field(name: "Status") {
            ... on ProjectV2SingleSelectField {
              id
              options {
                id
                name
              }
            }
          }
        }
      }
    }
  }
`;

export const MoveCard = `
  mutation MoveCard($board: ID!, $item: ID!, $field: ID!, $option: String!) {
    updateProjectV2ItemFieldValue(input: { projectId: $board, itemId: $item, fieldId: $field, value: { singleSelectOptionId: $option } }) { projectV2Item { id } }
  }
`;

export const PullRequestByNumber = `
  query PullRequestByNumber($repository: ID!, $number: Int!) { node(id: $repository) { ... on Repository { pullRequest(number: $number) { ...Pull } } } }
  ${pullFields}
`;

export const PullRequestsByBranch = `
  query PullRequestsByBranch($repository: ID!, $branch: String!) {
    node(id: $repository) {
      ... on Repository {
        pullRequests(headRefName: $branch, first: 10, orderBy: { field: CREATED_AT, direction: DESC }) {
          nodes {
            number
            isCrossRepository
          }
        }
      }
    }
  }
`;

export const CommentsPage = `
  query CommentsPage($repository: ID!, $number: Int!, $after: String) {
    node(id: $repository) {
      ... on Repository {
        issueOrPullRequest(number: $number) {
          ... on Issue {
            comments(first: 100, after: $after) {
              pageInfo {
                hasNextPage
                endCursor
              }
              nodes { ...Comment }
            }
          }
          ... on PullRequest {
            comments(first: 100, after: $after) {
              pageInfo {
                hasNextPage
                endCursor
              }
              nodes { ...Comment }
            }
          }
        }
      }
    }
  }
  fragment Comment on IssueComment {
    fullDatabaseId
    url
    body
    viewerDidAuthor
  }
`;

/** Newest first, read from the database and not the search index, so that an issue made a moment ago is there. */
export const NewestIssues = `
  query NewestIssues($repository: ID!, $after: String) {
    node(id: $repository) {
      ... on Repository {
        issues(first: 100, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            number
            url
            body
            viewerDidAuthor
          }
        }
      }
    }
  }
`;

export const IssueFamily = `
  query IssueFamily($repository: ID!, $parent: Int!, $child: Int!) {
    node(id: $repository) {
      ... on Repository {
        parent: issue(number: $parent) { id }
        child: issue(number: $child) {
          id
          parent { id }
        }
      }
    }
  }
`;

export const AddSubIssue = `
  mutation AddSubIssue($parent: ID!, $child: ID!) { addSubIssue(input: { issueId: $parent, subIssueId: $child }) { subIssue { id } } }
`;

export const PointsLeft = `
  query PointsLeft {
    rateLimit {
      limit
      remaining
      used
      resetAt
    }
  }
`;

/** Told apart from "not there": what the credential cannot see is NOT_FOUND too. */
export const Visible = `
  query Visible($id: ID!) { node(id: $id) { id } }
`;

export const OrganizationBoard = `
  query OrganizationBoard($login: String!, $number: Int!) {
    organization(login: $login) { projectV2(number: $number) { id number url } }
    rateLimit { cost remaining resetAt }
  }
`;

export const UserBoard = `
  query UserBoard($login: String!, $number: Int!) {
    user(login: $login) { projectV2(number: $number) { id number url } }
    rateLimit { cost remaining resetAt }
  }
`;
