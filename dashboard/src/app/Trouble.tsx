import { Component, type ReactNode } from 'react';
import { Empty } from '../ui/Note';

interface State {
  error: Error | undefined;
}

/** A page that cannot be drawn leaves the others and the header as they are. */
export class Trouble extends Component<{ children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div role="alert">
        <Empty title="This page could not be drawn">{error.message}. Loading it anew may help; the other pages work.</Empty>
      </div>
    );
  }
}
