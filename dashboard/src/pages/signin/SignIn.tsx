import { SignInForm } from './SignInForm';

export function SignIn({ mesh }: { mesh: string }) {
  return (
    <main className="sign-in">
      <div className="card stack">
        <div className="row">
          <img src="/weir.svg" alt="" width="26" height="26" />
          <h1>Weir{mesh && ` · ${mesh}`}</h1>
        </div>
        <SignInForm />
      </div>
    </main>
  );
}
