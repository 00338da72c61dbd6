// Twilio's REST errors: code, HTTP status, message, in the body shape the SDK reads.

const ERRORS: Record<number, { status: number; message: string }> = {
  20001: { status: 400, message: "Invalid parameter value" },
  20003: { status: 401, message: "Authenticate" },
  20004: { status: 405, message: "Method not allowed" },
  20404: { status: 404, message: "The requested resource was not found" },
  20429: { status: 429, message: "Too Many Requests" },
  20500: { status: 500, message: "An internal server error has occurred" },
  21211: { status: 400, message: "Invalid 'To' Phone Number" },
  21212: { status: 400, message: "Invalid From Number (caller ID)" },
  21404: { status: 400, message: "Trial accounts are allowed only one Twilio number" },
  21408: { status: 400, message: "Permission to send an SMS has not been enabled for the region" },
  21421: { status: 400, message: "PhoneNumber is invalid" },
  21422: { status: 400, message: "PhoneNumber is not available" },
  21452: { status: 400, message: "No phone numbers found in your desired area code" },
  21601: { status: 400, message: "Phone number is not a valid SMS-capable inbound phone number" },
  21602: { status: 400, message: "Message body is required." },
  21603: { status: 400, message: "A 'From' phone number is required." },
  21604: { status: 400, message: "A 'To' phone number is required." },
  21606: {
    status: 400,
    message: "The 'From' phone number is not a valid, SMS-capable number of your account",
  },
  21608: {
    status: 400,
    message: "The number is unverified. Trial accounts cannot send to unverified numbers",
  },
  21609: { status: 400, message: "The StatusCallback URL is not a valid URL." },
  21610: { status: 400, message: "Attempt to send to unsubscribed recipient" },
  21611: { status: 429, message: "This 'From' number has exceeded the maximum number of queued messages" },
  21612: { status: 400, message: "The 'To' phone number is not currently reachable via SMS" },
  21614: { status: 400, message: "'To' number is not a valid mobile number" },
  21617: { status: 400, message: "The concatenated message body exceeds the 1600 character limit" },
  21620: { status: 400, message: "Invalid media URL(s)" },
  21623: { status: 400, message: "Number of media files exceeds allowed limit" },
  21703: {
    status: 400,
    message: "The Messaging Service does not have a phone number available to send this message",
  },
  21704: { status: 400, message: "The Messaging Service contains no phone numbers" },
  21705: { status: 400, message: "The Messaging Service Sid is invalid" },
  21710: { status: 409, message: "Phone Number or Short Code is already in the Messaging Service." },
  21712: { status: 409, message: "Phone Number or Short Code is associated with another Messaging Service." },
  30113: { status: 404, message: "Deactivations for this date are not available" },
  35111: { status: 400, message: "SendAt missing" },
  35114: { status: 400, message: "SendAt is in an invalid format" },
  35115: { status: 400, message: "SendAt must be more than 300 seconds and at most 35 days in the future" },
  35118: { status: 400, message: "MessagingServiceSid is required to schedule a message" },
  60600: { status: 404, message: "The phone number is invalid" },
  63038: { status: 429, message: "Account exceeded the daily messages limit" },
  90007: { status: 400, message: "Invalid validity period value" },
  90014: { status: 400, message: "Validity Period should be positive integer" },
};

/** A refusal, thrown by handlers and answered by the router in Twilio's shape. */
export class TwilioError extends Error {
  readonly code: number;
  readonly status: number;

  /** @param code Twilio's error code; an unlisted one answers HTTP 400. @param message more exact than the usual one */
  constructor(code: number, message?: string) {
    const known = ERRORS[code];
    super(message ?? known?.message ?? `Error ${code}`);
    this.code = code;
    this.status = known?.status ?? 400;
  }

  /** The JSON body: code, message, more_info, status. */
  toBody(): { code: number; message: string; more_info: string; status: number } {
    return {
      code: this.code,
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}
