// The part of the contract that the program uses, over Temporal's own client. Names and
// shapes are those of docs/contract.md; the types are made from docs/schema.

import {
  ApplicationFailure, WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, WorkflowFailedError,
  WorkflowNotFoundError,
  type Client, type WorkflowHandle,
} from "@temporalio/client";
import type {
  CollectionInput, CollectionStatus, Events, OperationInput, OperationResult, Page, PageRequest, Polling,
  ReadRequest, Status, StreamInput, StreamStatus, UpdateStatusRequest, WaitEventRequest, WaitRequest,
} from "./contract/index.js";

/** Event is one event of a stream. */
export type Event = Events["events"][number];

/** Ended is an operation that ended badly, or was canceled: status says how. */
export class Ended extends Error {
  constructor(readonly type: string, message: string, readonly status: Status | undefined) {
    super(`${type}: ${message}`);
  }
}

/** Perdure is a client of the workers that serve a task queue. */
export class Perdure {
  constructor(private readonly temporal: Client, private readonly taskQueue = "perdure") {}

  /** start starts an operation, or finds the one that has the id, and says what became of the start. */
  async start(id: string, input: OperationInput): Promise<Operation> {
    const operation = new Operation(this.temporal.workflow.getHandle(id));
    try {
      await this.temporal.workflow.executeUpdateWithStart("awaitStarted", {
        updateId: "awaitStarted",
        startWorkflowOperation: this.starting("perdure.operation.v1", id, input),
      });
    } catch (err) {
      if (!isClosed(err)) throw err; // the id is that of one that is over: its status says how it ended
    }
    return operation;
  }

  /** pages reads a collection to its end, from the page with an index on. */
  async *pages(id: string, input: CollectionInput, index = 0): AsyncGenerator<Page> {
    const waitFor = (): [WaitRequest] => [{ index, waitSeconds: 30 }];
    const collection = this.temporal.workflow.getHandle(id);
    let status: CollectionStatus;
    try {
      status = await this.temporal.workflow.executeUpdateWithStart("wait", {
        args: waitFor(),
        startWorkflowOperation: this.starting("perdure.collection.v1", id, input),
      });
    } catch (err) {
      if (!isClosed(err)) throw err;
      status = await collection.query<CollectionStatus>("status");
    }
    for (;;) {
      if (index < status.pages) {
        const run = status.segments?.findLast((segment) => segment.firstIndex <= index);
        const page = await this.temporal.workflow.getHandle(id, run?.runId).query<Page, [PageRequest]>("page", { index });
        yield page;
        if (page.last) return;
        index++;
      } else if (status.done) {
        if (status.errorType) throw new Error(`${status.errorType}: ${status.error?.message}`);
        return; // maxPages, or nobody asked for long: its nextPageToken goes on
      }
      try {
        status = await collection.executeUpdate<CollectionStatus, [WaitRequest]>("wait", { args: waitFor() });
      } catch (err) {
        if (!isClosed(err)) throw err;
        status = await collection.query<CollectionStatus>("status");
      }
    }
  }

  /** events reads a stream to its end, from an offset on. Who stores the next offset goes on there. */
  async *events(id: string, input: StreamInput, offset = 0): AsyncGenerator<Event> {
    try {
      await this.temporal.workflow.start("perdure.stream.v1", this.options(id, input));
    } catch (err) {
      if (!isClosed(err)) throw err;
    }
    const stream = this.temporal.workflow.getHandle(id);
    for (;;) {
      const read = await this.read(stream, offset);
      yield* read.events;
      offset = read.next;
      if (read.done) break;
      if (read.events.length > 0) continue;
      try {
        await stream.executeUpdate<StreamStatus, [WaitEventRequest]>("wait", { args: [{ offset, waitSeconds: 30 }] });
      } catch (err) {
        if (!isClosed(err)) throw err; // what is left is read, and then it says that it is done
      }
    }
    const status = await stream.query<StreamStatus>("status");
    if (status.state !== "succeeded") throw new Error(`${status.errorType ?? status.state}: ${status.error?.message}`);
  }

  /** read gives what is there from an offset on; an earlier run of the workflow may have it. */
  private async read(stream: WorkflowHandle, offset: number): Promise<Events> {
    try {
      return await stream.query<Events, [ReadRequest]>("read", { offset });
    } catch (err) {
      if (!(err instanceof Error && err.message.includes("OtherRun"))) throw err;
      const { segments } = await stream.query<StreamStatus>("status");
      const run = segments?.findLast((segment) => segment.firstOffset <= offset);
      if (!run) throw err;
      return await this.temporal.workflow.getHandle(stream.workflowId, run.runId).query<Events, [ReadRequest]>("read", { offset });
    }
  }

  private starting(type: string, id: string, input: object) {
    return new WithStartWorkflowOperation(type, this.options(id, input));
  }

  // The workflow id is the operation: a second start under the same id finds the first.
  private options(id: string, input: object) {
    return {
      workflowId: id,
      taskQueue: this.taskQueue,
      args: [input],
      workflowIdConflictPolicy: "USE_EXISTING" as const,
      workflowIdReusePolicy: "REJECT_DUPLICATE" as const,
    };
  }
}

/** Operation is one long-running operation of a service, running or over. */
export class Operation {
  constructor(private readonly workflow: WorkflowHandle) {}

  get id(): string { return this.workflow.workflowId; }

  status(): Promise<Status> { return this.workflow.query<Status>("status"); }

  /** token is the continuation token; empty before the service has answered the start. */
  token(): Promise<string> { return this.workflow.query<string>("token"); }

  /** updateStatus asks the service now. */
  updateStatus(request: UpdateStatusRequest = {}): Promise<Status> {
    return this.workflow.executeUpdate<Status, [UpdateStatusRequest]>("updateStatus", { args: [request] });
  }

  /** setPolling says how often the service is asked from now on. */
  setPolling(polling: Polling): Promise<Status> {
    return this.workflow.executeUpdate<Status, [Polling]>("setPolling", { args: [polling] });
  }

  /** cancel asks the service to stop; wait says what came of it. */
  async cancel(reason: string): Promise<void> { await this.workflow.signal("cancel", { reason }); }

  /** wait gives the result. It throws Ended where there is none. */
  async wait(): Promise<OperationResult> {
    try {
      return (await this.workflow.result()) as OperationResult;
    } catch (err) {
      if (!(err instanceof WorkflowFailedError)) throw err;
      const type = err.cause instanceof ApplicationFailure ? (err.cause.type ?? "") : "Canceled";
      throw new Ended(type, err.cause?.message ?? "", await this.status());
    }
  }
}

// A closed workflow takes no updates, and gives its id to no other.
function isClosed(err: unknown): boolean {
  return err instanceof WorkflowNotFoundError || err instanceof WorkflowExecutionAlreadyStartedError;
}
