import { AppError } from "../core/errors.ts";

/** Lets one guess at a password through in a request, however many fields or operations it holds. */
export function createAttempts(): () => void {
  let made = 0;
  return () => {
    made += 1;
    if (made === 1) return;
    throw new AppError(
      "ONE_LOGIN_A_REQUEST",
      "A request holds one login, registration or change of a password; send one each.",
    );
  };
}
