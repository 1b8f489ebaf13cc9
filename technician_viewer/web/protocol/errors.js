/**
 * The errors of the protocol core, as in `protocol/errors.py`.
 *
 * `Remote…` is the peer's fault; `Local…` is a bug of the caller and is thrown at it. Texts are for people; programs
 * compare `code`.
 */

/** Why a session connection ended with an error; one per error class. */
export const ErrorCode = Object.freeze({
  MALFORMED: /** @type {const} */ ("malformed"),
  TOO_LARGE: /** @type {const} */ ("too-large"),
  OUT_OF_STATE: /** @type {const} */ ("out-of-state"),
  NOT_PERMITTED: /** @type {const} */ ("not-permitted"),
  UNKNOWN_MESSAGE: /** @type {const} */ ("unknown-message"),
  REFUSED: /** @type {const} */ ("refused"),
  NO_RESUME: /** @type {const} */ ("no-resume"),
  LOST: /** @type {const} */ ("lost"),
});

/** @typedef {(typeof ErrorCode)[keyof typeof ErrorCode]} ErrorCodeText */

/** Root of the tree. */
export class ProtocolError extends Error {
  /** @param {string} detail */
  constructor(detail) {
    super(detail);
    this.name = new.target.name;
  }
}

/** The caller broke the rules: wrong state, message that is not its to send, value out of range. */
export class LocalProtocolError extends ProtocolError {}

/** The peer broke the rules; the connection is over. */
export class RemoteProtocolError extends ProtocolError {
  /**
   * @param {string} detail
   * @param {ErrorCodeText} code
   */
  constructor(detail, code = ErrorCode.MALFORMED) {
    super(detail);
    /** @type {ErrorCodeText} */
    this.code = code;
  }
}

/**
 * A key, signature, certificate, grant or record was not accepted.
 *
 * `message` is the same for every cause, since it may reach the peer; `reason` is for the local log.
 */
export class SecurityError extends RemoteProtocolError {
  /** @param {string} reason */
  constructor(reason) {
    super("The other side could not prove that it may take part in this session.", ErrorCode.REFUSED);
    this.reason = reason;
  }
}

/** The peer used a right it does not have. */
export class NotPermitted extends RemoteProtocolError {
  /** @param {string} right */
  constructor(right) {
    super(`the right '${right}' is not granted`, ErrorCode.NOT_PERMITTED);
    this.right = right;
  }
}
